// The API of one gateway, as it is to whoever connects.
import type { Connection } from './connections.ts'

export class ApiServer {
  readonly accounts: readonly string[]
  /** Logged in: it answers handshakes. */
  isOpen = false
  /** It accepts and says nothing more, as a frozen JVM or a half-open connection does. */
  isMute = false
  /** Its container stands still. */
  isPaused = false
  slowMs = 40
  isUpstreamLost = false
  /** When it ends, nobody hears of it: the packets are lost. */
  endsUnheard = false
  readonly clients = new Map<number, Connection>()

  constructor(accounts: readonly string[]) {
    this.accounts = accounts
  }

  get isSilent(): boolean {
    return this.isMute || this.isPaused
  }

  open(): void {
    this.isOpen = true
    this.isMute = false
  }

  shut(): void {
    this.isOpen = false
    for (const client of [...this.clients.values()]) client.cutOff(this.endsUnheard)
    this.clients.clear()
  }

  speakAgain(): void {
    if (this.isSilent) return
    for (const client of [...this.clients.values()]) client.catchUp()
  }

  tellUpstream(lost: boolean): void {
    if (this.isUpstreamLost === lost) return
    this.isUpstreamLost = lost
    for (const client of this.clients.values()) client.tellUpstream(lost)
  }
}
