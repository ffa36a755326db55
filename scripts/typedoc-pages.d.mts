/** What the plugin uses of TypeDoc's application. */
export interface Site {
  readonly converter: { on(event: string, listener: (context: unknown, page: unknown) => void): unknown };
  readonly logger: { error(text: string): unknown };
}

export function load(site: Site): void;
