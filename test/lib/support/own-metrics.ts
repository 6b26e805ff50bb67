import { expect } from '@jest/globals';
import { METRICS, SERVICE } from '../../../lambda/shared/contract.ts';

/** Metrics of the recorder's own in a part of the template, by name. */
export function ownMetrics(value: unknown): string[] {
  const found = new Set<string>();
  const look = (part: unknown): void => {
    if (Array.isArray(part)) {
      // As dashboards write one: namespace, name, dimension, its value, options.
      if (part[0] === METRICS.namespace) {
        expect(part.slice(2, 4)).toEqual(['service', SERVICE]);
        found.add(String(part[1]));
      }
      part.forEach(look);
    } else if (typeof part === 'object' && part !== null) {
      if ('Namespace' in part && part.Namespace === METRICS.namespace && 'MetricName' in part) {
        expect(part).toHaveProperty('Dimensions', [{ Name: 'service', Value: SERVICE }]);
        found.add(String(part.MetricName));
      }
      Object.values(part).forEach(look);
    }
  };
  look(value);
  return [...found].toSorted();
}
