import { credentialsFromSeed, secretValue } from '../credentials.ts';
import type { TwilioSimulator } from '../twilio-simulator/simulator.ts';
import type { Cloud } from './cloud.ts';

const MINUTE = 60_000;

/** The token that the account of a seed has after its rotation. */
export const nextAuthToken = (seed: number): string => credentialsFromSeed(seed + 1_000_000).authToken;

/** As `npx recorder rotate` does it: the next token is put in beside the current one, minutes before Twilio uses it. */
export function rotateToken(
  simulator: TwilioSimulator,
  clouds: readonly Cloud[],
  seed: number,
  at: number,
  onRotated: () => void,
): void {
  const current = credentialsFromSeed(seed);
  const next = nextAuthToken(seed);
  const store = (authTokens: readonly string[]) => (): void => {
    for (const cloud of clouds) {
      cloud.setSecretValue(JSON.stringify({ ...JSON.parse(secretValue(current)), authTokens }));
    }
  };
  setTimeout(store([current.authToken, next]), at);
  setTimeout(
    () => {
      simulator.rotateAuthToken(next);
      onRotated();
    },
    at + 6 * MINUTE,
  );
  setTimeout(store([next]), at + 12 * MINUTE);
}
