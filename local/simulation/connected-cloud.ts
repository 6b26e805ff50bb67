import { credentialsFromSeed, secretValue } from '../credentials.ts';
import { TwilioSimulator } from '../twilio-simulator/simulator.ts';
import type { HttpRequest } from '../twilio-simulator/transport.ts';
import { type Cloud, type CloudOptions, createCloud } from './cloud.ts';
import { TWILIO_URL } from './run.ts';

/** What is made for the simulated Twilio, unless it is given. */
type ConnectedWith = 'secretValue' | 'twilioUrl' | 'twilio';

export interface ConnectedCloudOptions
  extends Omit<CloudOptions, ConnectedWith>,
    Partial<Pick<CloudOptions, ConnectedWith>> {
  /** Hears of each request with which Twilio comes. */
  readonly onRequest?: (request: HttpRequest) => void;
}

/** One recorder, and the simulated Twilio that it asks and whose calls come to it. Install virtual time first. */
export async function createConnectedCloud({
  onRequest,
  ...options
}: ConnectedCloudOptions): Promise<{ readonly simulator: TwilioSimulator; readonly cloud: Cloud }> {
  const { seed } = options;
  const credentials = credentialsFromSeed(seed);
  const simulator: TwilioSimulator = TwilioSimulator.withoutServer({
    seed,
    credentials,
    url: TWILIO_URL,
    transport: {
      exchange: (request) => {
        onRequest?.(request);
        return cloud.exchange(request);
      },
    },
  });
  const cloud = await createCloud({
    secretValue: secretValue(credentials),
    twilioUrl: TWILIO_URL,
    twilio: (request) => simulator.request(request),
    ...options,
  });
  return { simulator, cloud };
}
