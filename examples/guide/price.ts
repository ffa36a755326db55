import * as v from "valibot";

export const price = v.object({ instrument: v.string(), price: v.number() });
export type Price = v.InferOutput<typeof price>;

/** What the handlers write to: a database in which a repeated key changes nothing. */
export interface Prices {
  save(key: string, price: Price): Promise<void>;
  saveAll(prices: readonly (readonly [key: string, price: Price])[]): Promise<void>;
}

const rows = new Map<string, Price>();

/** In memory, so that the examples run without a database. */
export const prices: Prices & { readonly rows: ReadonlyMap<string, Price> } = {
  rows,
  async save(key, price) {
    rows.set(key, price);
  },
  async saveAll(all) {
    for (const [key, price] of all) rows.set(key, price);
  },
};
