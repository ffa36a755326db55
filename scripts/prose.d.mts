export function findWords(file: string, text: string): { line: number; found: string; instead: string }[];
