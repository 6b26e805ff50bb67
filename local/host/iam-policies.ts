import * as v from 'valibot';
import { MANAGED_POLICY } from './resource-types.ts';
import type { Stack } from './stack.ts';

export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

const ARN_FIELDS = 6;

const oneOrMore = <T>(schema: v.GenericSchema<unknown, T>) =>
  v.pipe(
    v.unknown(),
    v.transform((value): unknown => (Array.isArray(value) ? value : [value])),
    v.array(schema),
  );

const ResourcePattern = v.pipe(
  v.string(),
  v.check((pattern) => !pattern.includes('${'), 'a policy variable'),
  v.check((pattern) => pattern === '*' || pattern.split(':').length >= ARN_FIELDS, 'an incomplete ARN'),
);

// Strict, because a condition that is not evaluated would allow too much.
const Statement = v.strictObject({
  Sid: v.optional(v.string()),
  Effect: v.picklist(['Allow', 'Deny']),
  Action: oneOrMore(v.string()),
  Resource: oneOrMore(ResourcePattern),
});

const ManagedPolicyProperties = v.object({
  PolicyDocument: v.object({ Version: v.literal('2012-10-17'), Statement: oneOrMore(Statement) }),
});

/**
 * The statements of managed policies, by their ARNs.
 *
 * @throws Error naming the ARN that the template does not have, or the policy that is not hosted: `NotAction`,
 * `NotResource` and `Condition` are not
 */
export function readManagedPolicies(stack: Stack, arns: readonly string[]): readonly PolicyStatement[] {
  return arns.flatMap((arn) => {
    const resource = stack.resources(MANAGED_POLICY).find((policy) => stack.identity(policy).ref === arn);
    if (!resource) throw new Error(`The template has no managed policy ${arn}`);
    return stack.properties(resource, ManagedPolicyProperties).PolicyDocument.Statement;
  });
}

/**
 * Whether the policies of an identity allow an action: by default not, and a `Deny` wins.
 *
 * @param action `execute-api:Invoke`
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function isAllowed(statements: readonly PolicyStatement[], action: string, resource: string): boolean {
  const effects = statements
    .filter(
      ({ Action, Resource }) =>
        Action.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
        Resource.some((pattern) => matchesArn(pattern, resource)),
    )
    .map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

/**
 * Field by field: a wildcard does not reach over a colon, save in the last field.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
function matchesArn(pattern: string, arn: string): boolean {
  if (pattern === '*') return true;
  const fields = fieldsOf(arn);
  return fieldsOf(pattern).every((field, index) => matches(field, fields[index] ?? ''));
}

function fieldsOf(arn: string): readonly string[] {
  const fields = arn.split(':');
  return [...fields.slice(0, ARN_FIELDS - 1), fields.slice(ARN_FIELDS - 1).join(':')];
}

/** `*` stands for any text, `?` for one character. */
function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'su').test(text);
}
