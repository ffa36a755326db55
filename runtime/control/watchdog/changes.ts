import { type ConnectionRow, STATUS } from "../../contract";
import { desiredOpen, desiredVersionIs, generationIs, leaseFree, ownedBy, statusIs } from "../table/clauses";
import type { RowChange } from "../table/row-change";
import type { Decision } from "./decision";

/**
 * The watchdog's writes. All of them are made against the generation it saw: whoever took the stream since is left alone.
 * `nonce` is the mark of one run.
 */
export function changeOf(decision: Decision, row: ConnectionRow, of: Mark): RowChange | undefined {
  switch (decision.kind) {
    case "revive":
      return {
        ...marked("revive", of),
        when: [desiredOpen, generationIs(row.generation), ownedBy(row.owner ?? ""), leaseFree(of.now)],
        set: {
          ...nobody,
          status: decision.retryAt === undefined ? STATUS.starting : STATUS.waiting,
          attempt: decision.attempt,
          retryAt: decision.retryAt,
          watchedBy: of.nonce,
        },
      };
    case "retry-with-new-secret":
      return {
        ...marked("retry", of),
        when: [desiredOpen, generationIs(row.generation), statusIs(STATUS.failed)],
        set: { status: STATUS.starting, attempt: 0, retryAt: undefined, lastError: undefined, watchedBy: of.nonce },
      };
    case "request-handover":
      return {
        ...marked("request-handover", of),
        when: [generationIs(row.generation), ownedBy(row.owner ?? "")],
        set: { requestedRelease: of.release, watchedBy: of.nonce },
      };
    case "mark-closed":
      return {
        ...marked("mark-closed", of),
        when: [desiredVersionIs(row.desiredVersion), generationIs(row.generation), leaseFree(of.now)],
        set: { ...nobody, status: STATUS.closed, watchedBy: of.nonce },
      };
    default:
      return undefined;
  }
}

export interface Mark {
  readonly nonce: string;
  readonly now: number;
  readonly release: string;
}

const nobody = { owner: undefined, expiresAt: undefined, connectedSince: undefined };

function marked(name: string, { nonce }: Mark): Pick<RowChange, "name" | "wasAppliedTo"> {
  return { name, wasAppliedTo: (row) => row.watchedBy === nonce };
}
