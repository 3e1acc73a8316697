// The audit history, for whoever has something to tell: who did what, and what the product did by itself. Never a secret.

export interface Happening {
  /** For example `gateway.launch`, `bars.filled`. */
  readonly type: string
  readonly message: string
  readonly followerId?: string
  /** Who asked; the manager itself when absent. */
  readonly actor?: string
  readonly data?: Record<string, unknown>
}

export interface AuditTrail {
  /** Writes it down without holding anyone up; never fails. */
  note(happening: Happening): void
}
