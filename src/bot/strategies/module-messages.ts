// What the bot and the worker thread of a strategy module say to each other.
import type { Moment } from './strategy.ts'

/** The module to load, as a file URL; given as the worker's data. */
export interface ModuleToLoad {
  readonly url: string
}

export type ToWorker =
  | { readonly kind: 'decide'; readonly call: number; readonly moment: Moment }
  | { readonly kind: 'abort'; readonly call: number }

/** `answer` is JSON: what is no plain value never crosses. */
export type FromWorker =
  | { readonly kind: 'loaded'; readonly name: string }
  | { readonly kind: 'not-loaded'; readonly why: string }
  | { readonly kind: 'decided'; readonly call: number; readonly answer: string }
  | { readonly kind: 'threw'; readonly call: number; readonly why: string }
