// What ends protection in a drill.

export const disturbances = [
  'drop',
  'nightly-restart',
  '1100',
  '1101',
  '2110',
  'mute',
  'half-open',
  'failed check',
  'planned restart',
  'reconnect',
] as const
export type Disturbance = (typeof disturbances)[number]

/** The same, the quick ones more often. */
export const weighted: readonly Disturbance[] = [
  ...disturbances,
  ...(['drop', '1100', '1101', 'failed check', 'reconnect'] as const),
]
