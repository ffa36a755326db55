/**
 * The messages between the program's process and the local stack's process, over Node's IPC with advanced serialization,
 * which carries archives as maps of buffers.
 */

/** A resource registration of the program. Secrets are unwrapped and named, assets are read. */
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
  /** Top-level inputs that contain a secret. */
  readonly secretInputs: readonly string[];
  /** Top-level inputs that are missing above because they contain an unknown value. */
  readonly unknownInputs: readonly string[];
  /** Top-level inputs → URNs of the resources that they depend on. */
  readonly dependencies: Readonly<Record<string, readonly string[]>>;
  readonly secretOutputs: readonly string[];
  /** Whether the program has `transforms` for it or for the stack. */
  readonly transformed: boolean;
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
  /** Other outputs are unknown, not undefined. */
  readonly partial?: boolean;
}

/** Runs the program. */
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

/** Loads files of Pulumi's packages before the program runs. */
export interface Preparation {
  readonly kind: "prepare";
  /** As the later message is expected to be. */
  readonly start: Start;
  readonly modules: readonly string[];
}

/** Files of packages, each with the time of its last change. */
export type LoadedFiles = readonly (readonly [path: string, changedAt: number])[];

export interface Answer {
  readonly kind: "answer";
  readonly call: number;
  readonly value?: unknown;
  readonly error?: string;
}

export type ToProgram = Preparation | Start | Answer;

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
  | { readonly kind: "prepared"; readonly files: LoadedFiles }
  /** `modules`: the files of Pulumi's packages that the program loaded. */
  | { readonly kind: "done"; readonly modules: readonly string[] }
  | { readonly kind: "failed"; readonly message: string };

/** The messages that need an {@link Answer}. */
export type Call = Extract<FromProgram, { call: number }>;
