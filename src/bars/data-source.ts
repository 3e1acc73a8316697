// Where market data comes from: a gateway somewhere, or one that we manage. What the data connection asks before each attempt.

/** A gateway that may be connected to now. */
export interface DataTarget {
  /** For people: `alpha`, or `10.0.0.5:4002`. */
  readonly name: string
  readonly host: string
  readonly port: number
  /** Client ids that somebody else has there. */
  readonly takenClientIds: ReadonlySet<number>
  /** Another value means another gateway process: earlier failures no longer count. */
  readonly generation: string
}

/** Why there is nothing to connect to, for people. */
export interface NoTarget {
  readonly absent: string
}

export interface DataSource {
  /** May fail like a store; never waits for a gateway. */
  target(): Promise<DataTarget | NoTarget>
  /** Calls `listener` when `target` may have changed; returns how to stop. */
  onChange(listener: () => void): () => void
}

/** A gateway that we do not manage. */
export function fixedSource(host: string, port: number): DataSource {
  const target: DataTarget = {
    name: `${host}:${port}`,
    host,
    port,
    takenClientIds: new Set(),
    generation: 'fixed',
  }
  return { target: async () => target, onChange: () => () => {} }
}
