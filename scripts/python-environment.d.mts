export function pythonEnvironment(requirements?: string): string;
