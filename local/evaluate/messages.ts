/**
 * What the program's process and the local stack's process say to each other, over Node's IPC with advanced
 * serialisation (so that archives travel as maps of buffers).
 */

/** A resource as the program registered it: secrets unwrapped and named, assets read. */
export interface Registration {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly parent?: string;
  /** Managed by a provider; false for component resources. */
  readonly custom: boolean;
  /** A component that lives in a provider plugin, such as `awsx:ec2:Vpc`. */
  readonly remote: boolean;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Top-level inputs with a secret anywhere inside. */
  readonly secretInputs: readonly string[];
  /** Top-level inputs that are missing above because a value inside is not known on this machine. */
  readonly unknownInputs: readonly string[];
  /** Top-level inputs → URNs of the resources whose outputs went into them. */
  readonly dependencies: Readonly<Record<string, readonly string[]>>;
  readonly secretOutputs: readonly string[];
  readonly retainOnDelete: boolean;
  readonly deleteBeforeReplace: boolean;
}

/** A resource that the program looks up and does not own (`Table.get`). */
export interface Reading {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A provider function (`aws.getRegion`). */
export interface Invocation {
  readonly token: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface RegistrationAnswer {
  readonly id?: string;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly secretOutputs: readonly string[];
  /** Outputs that are not among the above are unknown rather than undefined. */
  readonly partial?: boolean;
}

/** The first message to the program's process. */
export interface Start {
  readonly kind: "start";
  readonly project: string;
  readonly stack: string;
  /** Working directory of the program, as Pulumi sets it. */
  readonly directory: string;
  /** Absolute path of the file to load. */
  readonly entry: string;
  readonly config: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
}

export interface Answer {
  readonly kind: "answer";
  readonly call: number;
  readonly value?: unknown;
  readonly error?: string;
}

export type ToProgram = Start | Answer;

export type FromProgram =
  | { readonly kind: "register"; readonly call: number; readonly request: Registration }
  | { readonly kind: "read"; readonly call: number; readonly request: Reading }
  | { readonly kind: "invoke"; readonly call: number; readonly request: Invocation }
  /** Outputs of a component or of the stack itself. */
  | {
      readonly kind: "outputs";
      readonly call: number;
      readonly request: {
        readonly urn: string;
        readonly outputs: Readonly<Record<string, unknown>>;
        readonly secretOutputs: readonly string[];
      };
    }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly message: string };

/** Those that wait for an {@link Answer}. */
export type Call = Extract<FromProgram, { call: number }>;
