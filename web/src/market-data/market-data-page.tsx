// Market data.

export function MarketDataPage() {
  return (
    <section class="page" aria-labelledby="page-title">
      <h1 id="page-title" class="page-title">
        Market data
      </h1>
    </section>
  )
}
