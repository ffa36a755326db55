export interface Recent {
  /** Content of the event that was first seen under the key. */
  readonly content: string;
  /** Connection that saw it last. */
  connection: number;
}

/** The last few thousand keys, in two generations: a full one ages at once, nothing is sorted or linked. */
export class RecentKeys {
  private young = new Map<string, Recent>();
  private old = new Map<string, Recent>();

  /** At least the last `capacity` keys are known, at most twice as many. */
  constructor(private readonly capacity: number) {}

  get(key: string): Recent | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  add(key: string, recent: Recent): void {
    if (this.young.size >= this.capacity) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, recent);
  }
}
