export function withSnippets(text: string, root: string): string;
