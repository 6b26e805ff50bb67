import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { HttpHandler } from '../platform.ts';

/** Connections to Twilio, kept between invocations. */
export const httpHandler = (): HttpHandler => new NodeHttpHandler({ connectionTimeout: 1_000 });
