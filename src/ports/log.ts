// The few log methods that core uses; pino's logger fits. Constant message, variable fields, `err` for errors.

export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Log
}
