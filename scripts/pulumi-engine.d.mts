export function sdkGenerator(folder: string): Promise<string>;
