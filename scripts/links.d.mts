export interface Links {
  readonly count: number;
  /** Each link to a file or a heading that does not exist, as an error for the author of the page. */
  readonly dead: readonly string[];
}

/** The relative links of a page. @param text - the page's content, if it is not that of the file */
export function linksOf(file: string, text?: string): Links;
