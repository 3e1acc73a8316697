// How urgent the levels of alerts are, one beside the other.
import { type AlertLevel, alertLevels } from '../../schemas/alert.ts'

/** More is more urgent; 0 is the least. */
export const urgencyOf = (level: AlertLevel): number => alertLevels.indexOf(level)
