export interface RecentKey {
  /** Content key of the first event with this key. */
  readonly content: string;
  /** Connection that last received this key. */
  connection: number;
}

/** The last few thousand keys, in two maps. When the current map is full, it replaces the previous one. */
export class RecentKeys {
  private current = new Map<string, RecentKey>();
  private previous = new Map<string, RecentKey>();

  /** Remembers at least the last `capacity` keys and at most twice as many. */
  constructor(private readonly capacity: number) {}

  get(key: string): RecentKey | undefined {
    return this.current.get(key) ?? this.previous.get(key);
  }

  add(key: string, recent: RecentKey): void {
    if (this.current.size >= this.capacity) {
      this.previous = this.current;
      this.current = new Map();
    }
    this.current.set(key, recent);
  }
}
