// Variables of alerts. A webhook never stops a start: what is wrong with one is a warning, and that way of telling people is off.
import { ibRegions } from '../calendar/ib-maintenance.ts'
import { type ConfigFault, faultLine, optional, type Variable, withDefault } from './reading.ts'
import { webhookAddress, word } from './values.ts'

export const alertVariables = {
  IB_REGION: withDefault(
    word(...ibRegions),
    'america',
    "Whose daily reset at IBKR keeps an outage quiet, unless a follower's label `ibRegion` says another.",
  ),
  DISCORD_WEBHOOK_URL: {
    ...optional(
      webhookAddress,
      'Discord webhook for alerts, of the manager and of the trading bot; they go to the log when unset. A bad one is a warning.',
    ),
    secret: true,
  },
  ALERT_WEBHOOK_URL: {
    ...optional(webhookAddress, "The manager's alerts are posted there as JSON. A bad one is a warning."),
    secret: true,
  },
} satisfies Record<string, Variable<unknown>>

const ofWebhook = /^(DISCORD|ALERT)_WEBHOOK_URL/

/** The faults that remain, and a warning for each that is a webhook's. */
export function forgiveWebhooks(all: readonly ConfigFault[]): { faults: ConfigFault[]; notices: string[] } {
  const isForgiven = ({ variable }: ConfigFault) => ofWebhook.test(variable)
  return {
    faults: all.filter((fault) => !isForgiven(fault)),
    notices: all.filter(isForgiven).map((fault) => `${faultLine(fault)}; no alerts are sent there`),
  }
}
