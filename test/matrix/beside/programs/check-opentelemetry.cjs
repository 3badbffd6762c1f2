// Checks the OpenTelemetry integration: waits until its metrics have values in a real MeterProvider. Where the API is too old to
// have metrics, only makes the call that throws.

const { works } = require('./works.cjs');
const { collectUntil } = require('./say.cjs');

/** Both kinds must have values: the gauges, read on demand, and the histogram, recorded at each collection. */
exports.checkOpenTelemetry = async (api, { attachThread }, collect) => {
  if (api.metrics === undefined) return collect(api.metrics); // throws
  attachThread();
  const {
    AggregationTemporality,
    InMemoryMetricExporter,
    MeterProvider,
    PeriodicExportingMetricReader,
  } = require('@opentelemetry/sdk-metrics');
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 3_600_000,
    exportTimeoutMillis: 30_000,
  });
  // Its constructor takes readers since 2.0.
  const provider = new MeterProvider({ readers: [reader] });
  provider.addMetricReader?.(reader);
  api.metrics.setGlobalMeterProvider(provider);

  const collecting = collect(api.metrics.getMeter('app'));
  // Not by a flush to the exporter: before 2.0 that flushes the exporter alone.
  const valuesNow = async () => {
    const { resourceMetrics } = await reader.collect();
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    return Object.fromEntries(all.map((one) => [one.descriptor.name, one.dataPoints[0]?.value]));
  };
  await collectUntil(async () => {
    const values = await valuesNow();
    return values['schedhint.gc.duration']?.count > 0 && values['schedhint.bound'] !== undefined;
  });
  await works();
  collecting.stop();
  await provider.shutdown();
};
