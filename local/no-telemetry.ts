import type { Telemetry } from '../lambda/shared/telemetry.ts';

/** Nobody listens. */
export const NO_TELEMETRY: Telemetry = {
  count: () => undefined,
  record: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
