import type { Latency, LatencyKind } from '../local/host/latency.ts';
import { Dice, type Distribution } from '../local/twilio-simulator/random.ts';

/** What AWS adds to what happens on this machine, in ms: a model. */
export const AWS_LATENCY: Readonly<Record<LatencyKind, Distribution>> = {
  http: { median: 8, p99: 40 },
  startExecution: { median: 25, p99: 120 },
  transition: { median: 15, p99: 80 },
  invoke: { median: 12, p99: 60 },
};

/** Draws from the model, for each route, state and function by itself, so that a run can be repeated. */
export function awsLatency(seed: number): Latency {
  const dice = new Map<string, Dice>();
  return (kind, key) => {
    const own = dice.get(key) ?? new Dice(seed, key);
    dice.set(key, own);
    return own.draw(kind, AWS_LATENCY[kind]);
  };
}
