import * as v from 'valibot';
import { ALIAS, FUNCTION, VERSION } from './resource-types.ts';
import type { Stack } from './stack.ts';

/** An `AWS::Lambda::Function` as its execution environments need it. */
export interface FunctionConfiguration {
  readonly logicalId: string;
  readonly functionName: string;
  readonly arn: string;
  /** ARNs of the function, of its versions and of its aliases, which are all the same code here. */
  readonly arns: readonly string[];
  /** `file.export`, relative to the code. */
  readonly handler: string;
  readonly codeDirectory: string;
  readonly timeoutSeconds: number;
  /** Reported to the function, not enforced. */
  readonly memoryMegabytes: number;
  readonly reservedConcurrency: number;
  readonly runtime: string;
  readonly logGroupName: string;
  readonly logFormat: string;
  readonly logLevel: string | undefined;
  /** The function's own variables, without those of the Lambda runtime. */
  readonly variables: Readonly<Record<string, string>>;
}

const numeric = v.pipe(v.union([v.number(), v.string()]), v.transform(Number), v.finite());

const FunctionProperties = v.object({
  Code: v.object({ S3Key: v.string('only code from an asset is hosted') }),
  Handler: v.string(),
  Runtime: v.pipe(v.string(), v.startsWith('nodejs')),
  Timeout: v.optional(numeric, 3),
  MemorySize: v.optional(numeric, 128),
  ReservedConcurrentExecutions: v.optional(numeric),
  Environment: v.optional(
    v.object({
      Variables: v.optional(
        v.record(v.string(), v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String))),
      ),
    }),
  ),
  LoggingConfig: v.optional(
    v.object({
      LogFormat: v.optional(v.string()),
      ApplicationLogLevel: v.optional(v.string()),
      LogGroup: v.optional(v.string()),
    }),
  ),
  Layers: v.optional(v.pipe(v.array(v.string()), v.maxLength(0, 'layers'))),
  FileSystemConfigs: v.optional(v.never('file systems')),
});

// Strict, since a second version behind an alias would be other code.
const VersionProperties = v.strictObject({
  FunctionName: v.string(),
  Description: v.optional(v.string()),
  ProvisionedConcurrencyConfig: v.optional(v.unknown()),
});
const AliasProperties = v.strictObject({
  FunctionName: v.string(),
  FunctionVersion: v.string(),
  Name: v.string(),
  Description: v.optional(v.string()),
  ProvisionedConcurrencyConfig: v.optional(v.unknown()),
});

/** The logical id of the function that a name or an ARN refers to, be it of a version or an alias. */
export function findFunction(
  functions: readonly Pick<FunctionConfiguration, 'logicalId' | 'functionName' | 'arns'>[],
  reference: string,
): string | undefined {
  return functions.find(({ functionName, arns }) => functionName === reference || arns.includes(reference))
    ?.logicalId;
}

/**
 * @param assets folder by S3 key, see `deployAssets`
 * @throws Error naming the function which cannot be hosted
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
 */
export function readFunctions(
  stack: Stack,
  assets: Pick<ReadonlyMap<string, string>, 'get'>,
): readonly FunctionConfiguration[] {
  const qualified = [
    ...stack.resources(VERSION).map((resource) => [resource, VersionProperties] as const),
    ...stack.resources(ALIAS).map((resource) => [resource, AliasProperties] as const),
  ].map(([resource, schema]) => ({
    of: stack.properties<{ readonly FunctionName: string }>(resource, schema).FunctionName,
    arn: stack.identity(resource).ref,
  }));
  return stack.resources(FUNCTION).map((resource) => {
    const properties = stack.properties(resource, FunctionProperties);
    const codeDirectory = assets.get(properties.Code.S3Key);
    if (codeDirectory === undefined) {
      throw new Error(`Function ${resource.logicalId}: the assembly has no asset ${properties.Code.S3Key}`);
    }
    const { ref, attributes } = stack.identity(resource);
    const arn = String(attributes.Arn);
    return {
      logicalId: resource.logicalId,
      functionName: ref,
      arn,
      arns: [
        arn,
        `${arn}:$LATEST`,
        ...qualified.filter(({ of }) => of === ref || of === arn).map((one) => one.arn),
      ],
      handler: properties.Handler,
      codeDirectory,
      timeoutSeconds: properties.Timeout,
      memoryMegabytes: properties.MemorySize,
      reservedConcurrency: properties.ReservedConcurrentExecutions ?? Number.POSITIVE_INFINITY,
      runtime: properties.Runtime,
      logGroupName: properties.LoggingConfig?.LogGroup ?? `/aws/lambda/${ref}`,
      logFormat: properties.LoggingConfig?.LogFormat ?? 'Text',
      logLevel: properties.LoggingConfig?.ApplicationLogLevel,
      variables: properties.Environment?.Variables ?? {},
    };
  });
}
