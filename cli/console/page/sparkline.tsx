const WIDTH = 64;
const HEIGHT = 18;

/** The recent rate. Its highest value takes the whole height. */
export function Sparkline({ values }: { readonly values: readonly number[] }) {
  if (values.length < 2) return null;
  const max = Math.max(...values, 1e-9);
  const x = (i: number) => ((i * WIDTH) / (values.length - 1)).toFixed(1);
  const y = (value: number) => (HEIGHT - 1 - (value / max) * (HEIGHT - 2)).toFixed(1);
  const line = values.map((value, i) => `${x(i)},${y(value)}`).join(" ");
  return (
    <svg class="spark" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <polygon points={`0,${HEIGHT} ${line} ${WIDTH},${HEIGHT}`} />
      <polyline points={line} />
    </svg>
  );
}
