// The product's figures as something outside reads them: as Prometheus text, or family by family. And what the HTTP side counts.

/** One figure; a histogram's values are those of its `_bucket`, `_sum` and `_count`, buckets cumulative and labelled `le`. */
export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly values: ReadonlyArray<{
    readonly value: number
    readonly labels: Readonly<Record<string, string | number>>
    /** Another than the family's, as a histogram's values have. */
    readonly metricName?: string
  }>
}

export interface AnsweredRequest {
  readonly method: string
  /** The pattern of the route, never the path that was asked for; absent: there is none. */
  readonly route: string | undefined
  readonly status: number
  readonly ms: number
}

export interface Metrics {
  readonly contentType: string
  /** Everything as it stands, in Prometheus' text format. */
  text(): Promise<string>
  /** The same as values. */
  families(): Promise<MetricFamily[]>
  /** Never throws. */
  requestAnswered(request: AnsweredRequest): void
}

/** For an app that nobody watches. */
export const noMetrics: Metrics = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  text: async () => '',
  families: async () => [],
  requestAnswered: () => {},
}
