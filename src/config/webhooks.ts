// Webhooks never stop a start: what is wrong with one is a warning, and that way of telling people is off.
import { type ConfigFault, faultLine } from './reading.ts'

const ofWebhook = /^(DISCORD|ALERT)_WEBHOOK_URL/

/** The faults that remain, and a warning for each that is a webhook's. */
export function forgiveWebhooks(all: readonly ConfigFault[]): { faults: ConfigFault[]; notices: string[] } {
  const isForgiven = ({ variable }: ConfigFault) => ofWebhook.test(variable)
  return {
    faults: all.filter((fault) => !isForgiven(fault)),
    notices: all.filter(isForgiven).map((fault) => `${faultLine(fault)}; no alerts are sent there`),
  }
}
