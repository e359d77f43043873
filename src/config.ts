/** The environment, read once, checked, frozen: everything that an installation may set. `docs/configuration.md` is made of it. */
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { z } from 'zod';

type UserRole = 'MEDECIN' | 'PERSONNEL' | 'ADMINISTRATEUR';

const port = z.coerce.number().int().min(0).max(65_535);
const seconds = z.coerce.number().positive();
const mebibytes = z.coerce.number().int().positive();
const file = z.string().min(1);
const listed = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean),
  );

type Carer = 'MEDECIN' | 'PERSONNEL';
const isCarer = (role: string): role is Carer => role === 'MEDECIN' || role === 'PERSONNEL';

/** An address, a range (CIDR), or a name for the ranges that are somebody's own. */
function isRange(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return rest.length === 0 && most > 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
}

/** One key a line: its form, default and meaning. */
export const settings = z.object({
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .optional()
    .describe('External PostgreSQL 15 or newer; without it an embedded one runs in the data directory.'),
  LIVEDOC_SCHEMA: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,40}$/)
    .default('livedoc')
    .describe('PostgreSQL schema of this hospital (tenant).'),
  LIVEDOC_DATA_DIR: z
    .string()
    .min(1)
    .default('.data')
    .describe('Directory of the embedded PostgreSQL, the images and the keys.'),
  LIVEDOC_PUBLIC_URL: z
    .url()
    .optional()
    .describe(
      'URL by which clients reach the server; default http://localhost:LIVEDOC_HTTP_PORT, https with LIVEDOC_TLS_CERT.',
    ),
  LIVEDOC_HTTP_PORT: port.default(8080).describe('HTTP port; 0 takes a free one.'),
  LIVEDOC_HTTP_HOST: z.string().min(1).default('0.0.0.0').describe('Address on which HTTP listens.'),
  LIVEDOC_TLS_CERT: file
    .optional()
    .describe(
      'PEM file of the certificate with which HTTP is HTTPS (TLS 1.2 or newer); taken up anew when it changes.',
    ),
  LIVEDOC_TLS_KEY: file.optional().describe('PEM file of its private key.'),
  LIVEDOC_TLS_CLIENT_CA: file
    .optional()
    .describe('PEM file of the authorities that sign certificates of clients (tls_client_auth).'),
  LIVEDOC_TRUSTED_PROXIES: listed
    .refine((ranges) => ranges.every(isRange), 'is no list of addresses, ranges, loopback, linklocal, uniquelocal')
    .describe(
      'Proxies whose X-Forwarded-For and client certificate are believed: addresses, ranges, loopback, linklocal, uniquelocal, with commas.',
    ),
  LIVEDOC_CLIENT_CERT_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/)
    .default('client-cert')
    .transform((name) => name.toLowerCase())
    .describe("Header in which a trusted proxy hands on a client's certificate: RFC 9440, or PEM with %-escapes."),
  LIVEDOC_WORKERS: z.coerce
    .number()
    .int()
    .min(0)
    .max(64)
    .optional()
    .describe(
      'Processes that answer HTTP, up to 64; 0 answers in the main process. Each takes 5 to 10 database connections. Default: half as many as there are cores, 1 to 8, because PostgreSQL wants the other half.',
    ),
  LIVEDOC_DIMSE_PORT: port.default(11_112).describe('DIMSE port; 0 takes a free one.'),
  LIVEDOC_DIMSE_HOST: z.string().min(1).default('0.0.0.0').describe('Address on which DIMSE listens.'),
  LIVEDOC_AE_TITLE: z
    .string()
    .regex(/^[\x20-\x5B\x5D-\x7E]{1,16}$/)
    .default('LIVEDOC')
    .describe('Application entity title of this server.'),
  LIVEDOC_ADMIN_EMAIL: z
    .email()
    .default('admin@livedoc.local')
    .describe('Account of the first administrator, made on an empty database.'),
  LIVEDOC_ADMIN_PASSWORD: z
    .string()
    .min(12)
    .optional()
    .describe('Its password; without it a random one is made and printed once.'),
  LIVEDOC_OBJECT_STORE: z
    .string()
    .regex(/^file:/)
    .optional()
    .describe('file: URL of the image store; default the folder `objects` of the data directory.'),
  LIVEDOC_MODEL: z.string().min(1).default('models/tb-cxr').describe('Folder of the model: model.onnx and model.json.'),
  LIVEDOC_PROFILES: z
    .string()
    .min(1)
    .optional()
    .describe(
      'JSON, or a file of it: profiles that resources must fulfil without naming them, by type, what an unknown one in meta.profile is (error, warning, ignore), and whether answers that contradict their Questionnaire are refused (error, ignore): {"enforced": {"Patient": ["URL"]}, "unknown": "warning", "answers": "ignore"}.',
    ),
  LIVEDOC_TRUSTED_KEY_HOSTS: listed.describe(
    'Hosts (host or host:port, with commas) inside the hospital from which key sets of clients may be fetched and identity providers asked, also without TLS.',
  ),
  LIVEDOC_ORGANIZATION_NAME: z
    .string()
    .min(1)
    .default('LIVEDOC')
    .describe("The hospital's name, as apps show it to people who look for their records."),
  LIVEDOC_ORGANIZATION_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("The hospital's website; default LIVEDOC_PUBLIC_URL."),
  LIVEDOC_ORGANIZATION_LOGO: z
    .url({ protocol: /^(https|data)$/ })
    .optional()
    .describe("URL of the hospital's logo (https: or data:)."),
  LIVEDOC_BRANDS: z
    .string()
    .min(1)
    .optional()
    .describe(
      'JSON, or a file of it: a Bundle of user-access brands in place of the one that the three settings above make.',
    ),
  LIVEDOC_SECOND_FACTOR: z
    .string()
    .regex(/^(?:none|(?:(?:MEDECIN|PERSONNEL|ADMINISTRATEUR)(?:,(?=.)|$))+)$/)
    .default('ADMINISTRATEUR')
    .transform((text) => text.split(',').filter((role): role is UserRole => role !== 'none'))
    .describe(
      'Roles that cannot sign in without a second factor, with commas, or none; every account may have one (docs/smart/second-factor.md).',
    ),
  LIVEDOC_KEY_ROTATION_DAYS: z.coerce
    .number()
    .int()
    .min(0)
    .max(3650)
    .default(90)
    .describe('Age in days at which the key that signs ID tokens is replaced; 0: only by `livedoc keys rotate`.'),
  LIVEDOC_CLIENT_REGISTRATION: z
    .enum(['off', 'token', 'open'])
    .default('off')
    .describe(
      'Whether applications may register themselves (RFC 7591): off, with the initial access token, or anybody (open). An administrator approves each.',
    ),
  LIVEDOC_CLIENT_REGISTRATION_TOKEN: z
    .string()
    .min(32)
    .regex(/^[A-Za-z0-9\-._~+/]+=*$/)
    .optional()
    .describe('The initial access token that such a registration brings, 32 characters or more.'),
  LIVEDOC_BREAK_GLASS_MINUTES: z.coerce
    .number()
    .int()
    .min(1)
    .max(480)
    .default(60)
    .describe('Longest time for which a closed record is opened by break-the-glass, minutes, at most 480.'),
  LIVEDOC_BREAK_GLASS_ROLES: listed
    .refine((roles) => roles.every(isCarer), 'is no list of MEDECIN, PERSONNEL')
    .transform((roles): readonly Carer[] => (roles.length > 0 ? roles.filter(isCarer) : ['MEDECIN']))
    .describe('Roles that may break the glass: MEDECIN (default), PERSONNEL, with commas.'),
  LIVEDOC_CLIENT_PURPOSES: listed
    .refine((pairs) => pairs.every((pair) => /^[^=]+=[A-Z]{3,16}$/.test(pair)), 'is no list of CLIENT_ID=CODE')
    .transform((pairs): Readonly<Record<string, string>> => Object.fromEntries(pairs.map((pair) => pair.split('='))))
    .describe(
      'Purpose of use (v3-ActReason) of backend services, for Consents: CLIENT_ID=TREAT, with commas. What denies a purpose denies it to services that have none here.',
    ),
  LIVEDOC_LANG: z.enum(['fr', 'en']).default('fr').describe('Language of interpretations.'),
  LIVEDOC_LOG: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('Least severe log line that is written.'),
  LIVEDOC_MAX_BODY_MIB: mebibytes.default(16).describe('Largest FHIR request body, MiB.'),
  LIVEDOC_MAX_INSTANCE_MIB: mebibytes.default(512).describe('Largest DICOM instance, MiB.'),
  LIVEDOC_MIN_FREE_MIB: z.coerce
    .number()
    .int()
    .nonnegative()
    .default(1024)
    .describe('Free disk space, MiB, below which images are refused.'),
  LIVEDOC_REFERENTIAL_INTEGRITY: z
    .string()
    .regex(/^(?:(?:livedoc|\*|[A-Z][A-Za-z]+)=(?:enforce|warn|off)(?:,(?=.)|$))+$/)
    .default('livedoc=enforce,*=warn')
    .describe(
      'Whether local references have to resolve (enforce), are remarked upon (warn) or left alone (off): of resources with a LIVEDOC profile (livedoc), of a resource type, of all others (*).',
    ),
  LIVEDOC_CONDITIONAL_DELETE: z
    .enum(['single', 'multiple'])
    .default('single')
    .describe('Whether a conditional delete that matches several resources is refused or deletes them all.'),
  LIVEDOC_QUERY_TIMEOUT_S: seconds.default(20).describe('Longest time of one SQL statement, seconds.'),
  LIVEDOC_DRAIN_TIMEOUT_S: seconds
    .default(20)
    .describe('Longest wait for requests and associations at shutdown, seconds.'),
});

type Settings = z.infer<typeof settings>;

export interface Config extends Readonly<Settings> {
  readonly publicUrl: string;
  /** Processes that answer HTTP. */
  readonly workers: number;
}

/** The server's URL on its own machine. */
export function localUrl({ LIVEDOC_TLS_CERT: cert }: Pick<Settings, 'LIVEDOC_TLS_CERT'>, ownPort: number): string {
  return `${cert === undefined ? 'http' : 'https'}://localhost:${ownPort}`;
}

/** What only makes sense together. */
function halves(config: Settings): string[] {
  const { LIVEDOC_TLS_CERT: cert, LIVEDOC_TLS_KEY: key, LIVEDOC_TLS_CLIENT_CA: ca } = config;
  const needsToken = config.LIVEDOC_CLIENT_REGISTRATION === 'token' && !config.LIVEDOC_CLIENT_REGISTRATION_TOKEN;
  return [
    ...(cert !== undefined && key === undefined ? ['LIVEDOC_TLS_KEY: is needed with LIVEDOC_TLS_CERT'] : []),
    ...(cert === undefined && key !== undefined ? ['LIVEDOC_TLS_CERT: is needed with LIVEDOC_TLS_KEY'] : []),
    ...(needsToken ? ['LIVEDOC_CLIENT_REGISTRATION_TOKEN: is needed with LIVEDOC_CLIENT_REGISTRATION=token'] : []),
    ...(cert === undefined && ca !== undefined ? ['LIVEDOC_TLS_CERT: is needed with LIVEDOC_TLS_CLIENT_CA'] : []),
  ];
}

/** More processes than this want more database connections than a PostgreSQL gives that nobody has tuned. */
const mostWorkers = 8;

/** What one process does for a request, PostgreSQL does nearly as much for; and requests that meet in one process share a commit. Decision 33. */
const defaultWorkers = () => Math.min(Math.max(1, Math.floor(availableParallelism() / 2)), mostWorkers);

/** Raised with every problem at once, one a line. */
export class ConfigError extends Error {}

/** Parses the environment; throws ConfigError that lists all unknown LIVEDOC_ keys and all invalid values. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const known = Object.keys(settings.shape);
  const given = Object.fromEntries(known.map((key) => [key, env[key] === '' ? undefined : env[key]]));
  const unknown = Object.keys(env).filter((key) => key.startsWith('LIVEDOC_') && !known.includes(key));
  const parsed = settings.safeParse(given);
  const problems = [
    ...unknown.map((key) => `${key}: no such setting`),
    ...(parsed.success
      ? halves(parsed.data)
      : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)),
  ];
  if (problems.length > 0 || !parsed.success) throw new ConfigError(problems.join('\n'));
  const own = localUrl(parsed.data, parsed.data.LIVEDOC_HTTP_PORT);
  const publicUrl = (parsed.data.LIVEDOC_PUBLIC_URL ?? own).replace(/\/+$/, '');
  const workers = parsed.data.LIVEDOC_WORKERS ?? defaultWorkers();
  return Object.freeze({ ...parsed.data, publicUrl, workers });
}
