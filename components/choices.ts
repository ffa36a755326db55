// Const objects with a type of the same name: users write "overlap", and Pulumi's analyzer reads an enum.

/** How the body is cut into events: by its content type, as Server-Sent Events, or one event a line. */
export const Format = { auto: "auto", sse: "sse", lines: "lines" } as const;
export type Format = (typeof Format)[keyof typeof Format];

/** How one hop follows another: `auto` overlaps and falls back to `break` where upstream allows one connection only. */
export const Handover = { auto: "auto", overlap: "overlap", break: "break" } as const;
export type Handover = (typeof Handover)[keyof typeof Handover];

/** How the credential is sent. */
export const AuthKind = { bearer: "bearer", header: "header", query: "query", none: "none" } as const;
export type AuthKind = (typeof AuthKind)[keyof typeof AuthKind];

/** Where the last stored position goes when a connection resumes. */
export const ResumeKind = { lastEventId: "last-event-id", query: "query", header: "header", none: "none" } as const;
export type ResumeKind = (typeof ResumeKind)[keyof typeof ResumeKind];

/** What makes two events one. */
export const IdentityKind = { content: "content", sseId: "sse-id", pointer: "pointer", arrival: "arrival" } as const;
export type IdentityKind = (typeof IdentityKind)[keyof typeof IdentityKind];

/** What `pulumi destroy` does with what holds data. */
export const Removal = { retain: "retain", delete: "delete" } as const;
export type Removal = (typeof Removal)[keyof typeof Removal];
