import { expect } from '@jest/globals';
import { METRICS } from '../../../lambda/shared/contract.ts';

/** Metrics that the functions of a recorder emit, in a part of the template, by name. Those of others are a failure. */
export function ownMetrics(value: unknown, serviceName = 'CallRecorder/Recorder'): string[] {
  const found = new Set<string>();
  const look = (part: unknown): void => {
    if (Array.isArray(part)) {
      // As dashboards write one: namespace, name, dimension, its value, options.
      if (part[0] === METRICS.namespace) {
        expect(part.slice(2, 4)).toEqual(['service', serviceName]);
        found.add(String(part[1]));
      }
      part.forEach(look);
    } else if (typeof part === 'object' && part !== null) {
      if ('Namespace' in part && part.Namespace === METRICS.namespace && 'MetricName' in part) {
        expect(part).toHaveProperty('Dimensions', [{ Name: 'service', Value: serviceName }]);
        found.add(String(part.MetricName));
      }
      Object.values(part).forEach(look);
    }
  };
  look(value);
  return [...found].toSorted();
}
