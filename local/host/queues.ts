import * as v from 'valibot';
import { QUEUE } from './resource-types.ts';
import type { Stack } from './stack.ts';

export interface QueueMessage {
  readonly body: string;
  /** Message attributes, all of type String. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A standard queue, for what services of AWS send to it; functions cannot call SQS. */
export interface Queue {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  /** Oldest first; nothing expires locally. */
  readonly messages: readonly QueueMessage[];
}

const QueueProperties = v.object({
  FifoQueue: v.optional(v.literal(false, 'only a standard queue is hosted')),
});

/** The queues of a template, as dead-letter queues and destinations. */
export class Queues {
  /** By logical id. */
  readonly all: ReadonlyMap<string, Queue>;
  readonly #messages = new Map<string, QueueMessage[]>();

  /** @throws Error naming the queue which cannot be hosted */
  constructor(stack: Stack) {
    this.all = new Map(
      stack.resources(QUEUE).map((resource) => {
        stack.properties(resource, QueueProperties);
        const arn = String(stack.identity(resource).attributes.Arn);
        const messages: QueueMessage[] = [];
        this.#messages.set(arn, messages);
        const { logicalId } = resource;
        return [logicalId, { logicalId, name: stack.physicalName(resource), arn, messages }];
      }),
    );
  }

  has(arn: string): boolean {
    return this.#messages.has(arn);
  }

  send(arn: string, message: QueueMessage): void {
    this.#messages.get(arn)?.push(message);
  }
}
