import { randomUUID } from 'node:crypto';
import { systemClock } from './clock.ts';
import type { BasePlatform } from './platform.ts';
import { powertools } from './telemetry.ts';

/** What Lambda gives every function. `perInvocation` wraps its handler. */
export function lambdaRuntime() {
  const { telemetry, perInvocation } = powertools();
  const platform: BasePlatform = {
    environment: process.env,
    clock: systemClock,
    random: Math.random,
    newId: randomUUID,
    telemetry,
  };
  return { platform, perInvocation };
}
