import * as v from 'valibot';
import * as types from '../../local/host/resource-types.ts';
import type { Stack } from '../../local/host/stack.ts';
import type { Design, FunctionDesign } from './usage.ts';

const FunctionProperties = v.object({
  MemorySize: v.optional(v.number(), 128),
  Architectures: v.optional(v.tuple([v.picklist(['arm64', 'x86_64'])]), ['x86_64']),
  TracingConfig: v.optional(v.object({ Mode: v.string() })),
  Environment: v.optional(v.object({ Variables: v.record(v.string(), v.unknown()) })),
});

const MachineProperties = v.object({
  StateMachineType: v.optional(v.literal('STANDARD', 'only Standard executions are billed by transitions')),
  TracingConfiguration: v.optional(v.object({ Enabled: v.boolean() })),
});

const Recovery = v.optional(v.object({ PointInTimeRecoveryEnabled: v.boolean() }));
const TableProperties = v.object({
  BillingMode: v.literal('PAY_PER_REQUEST', 'only tables on demand are billed by requests'),
  Replicas: v.optional(v.array(v.object({ PointInTimeRecoverySpecification: Recovery })), []),
});

const RetentionSettings = v.object({ retentionDays: v.number() });

/** The function's folder in `lambda/`, by its logical id. */
export type NameOf = (logicalId: string) => string;

/** What the template says of all that is billed. @throws Error naming the resource of which a bill cannot be made */
export function designOf(stack: Stack, nameOf: NameOf): Design {
  const functions = stack
    .resources(types.FUNCTION)
    .map((resource) => ({ resource, properties: stack.properties(resource, FunctionProperties) }));
  const machine = only(stack, types.STATE_MACHINE);
  const table = only(stack, types.GLOBAL_TABLE);
  const { Replicas } = stack.properties(table, TableProperties);
  const { TracingConfiguration } = stack.properties(machine, MachineProperties);
  return {
    api: stack.onlyResource(types.API) ? 'HTTP' : 'REST',
    functions: Object.fromEntries(
      functions.map(({ resource, properties: { MemorySize, Architectures, TracingConfig } }) => [
        nameOf(resource.logicalId),
        {
          memoryMegabytes: MemorySize,
          architecture: Architectures[0],
          tracing: TracingConfig?.Mode === 'Active',
        } satisfies FunctionDesign,
      ]),
    ),
    tracing: TracingConfiguration?.Enabled ?? false,
    pointInTimeRecovery: Replicas.some(
      ({ PointInTimeRecoverySpecification: recovery }) => recovery?.PointInTimeRecoveryEnabled,
    ),
    retentionDays: Math.max(
      ...functions.flatMap(({ properties }) => retentionDaysIn(properties.Environment?.Variables)),
    ),
    logRetentionDays: Math.max(
      ...stack
        .resources('AWS::Logs::LogGroup')
        .map((group) => stack.properties(group, v.object({ RetentionInDays: v.number() })).RetentionInDays),
    ),
  };
}

/** Of a function that writes rows. */
function retentionDaysIn(variables: Readonly<Record<string, unknown>> = {}): number[] {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), RetentionSettings), variables.SETTINGS);
  return parsed.success ? [parsed.output.retentionDays] : [];
}

function only(stack: Stack, type: string) {
  const resource = stack.onlyResource(type);
  if (!resource) throw new Error(`The template has no ${type}`);
  return resource;
}
