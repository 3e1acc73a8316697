// The log of a process: JSON lines, secrets redacted, each with the trace that it belongs to.
import { type DestinationStream, destination, type Logger, pino } from 'pino'
import { redaction } from '../http/request-log.ts'
import { traceIds } from '../telemetry/tracer.ts'

/** Writes to standard output unless told where. */
export function createLogger(
  level: string,
  to: DestinationStream = destination({ fd: 1, sync: false }),
): Logger {
  return pino({ level, redact: redaction, mixin: traceIds }, to)
}
