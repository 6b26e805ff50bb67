import { expect, jest } from '@jest/globals';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type Verb, verbsOf } from './twiml.ts';

/** Longer than any budget. */
const LONG_MILLISECONDS = 10_000;

/** What is answered in the end, without waiting for it: call `jest.useFakeTimers()` before. */
export async function inTheEnd<T>(answer: Promise<T>): Promise<T> {
  await jest.advanceTimersByTimeAsync(LONG_MILLISECONDS);
  return answer;
}

/** The verbs of an answer, which must be TwiML. */
export function verbsOfAnswer(answer: APIGatewayProxyStructuredResultV2): readonly Verb[] {
  expect(answer).toMatchObject({ statusCode: 200, headers: { 'content-type': 'text/xml; charset=utf-8' } });
  return verbsOf(answer.body);
}
