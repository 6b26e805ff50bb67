import type { HostEvent } from '../host/events.ts';
import type { Beside } from '../host/gateway.ts';
import type { SimulatorEvent } from '../twilio-simulator/simulator.ts';
import { bundleAssets } from './assets.ts';
import { Feed } from './feed.ts';
import { createPages } from './pages.ts';
import { ofHost, ofHostAlone, ofTwilio } from './story.ts';

/** The page of a local run, and what tells it. */
export interface LocalPage {
  readonly beside: Beside;
  twilio(event: SimulatorEvent): void;
  host(event: HostEvent): void;
  /** For a host whose Twilio tells nothing. */
  hostAlone(event: HostEvent): void;
  /** Lets the page place calls. */
  offerCalls(place: () => void): void;
}

export async function createPage(): Promise<LocalPage> {
  const feed = new Feed();
  let place: (() => void) | undefined;
  return {
    beside: createPages({ assets: await bundleAssets(), feed, placer: () => place }),
    twilio: (event) => feed.add(ofTwilio(event)),
    host: (event) => feed.add(ofHost(event)),
    hostAlone: (event) => feed.add(ofHostAlone(event)),
    offerCalls: (given) => {
      place = given;
    },
  };
}
