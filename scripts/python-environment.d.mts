export function pythonEnvironment(): string;
