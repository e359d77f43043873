/**
 * Launching applications from an EHR.
 * http://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch
 */
import { createLaunch } from '../../auth/launch/create-launch.ts';
import { type LaunchRequest, launchRequestShape, launchShape } from '../../shared/api/launch.ts';
import type { Route } from './route.ts';

export const launchRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/launches',
    summary: 'Launches an application for a patient: a handle for one person, one use and five minutes.',
    body: launchRequestShape,
    reply: launchShape,
    status: 201,
    errors: [400, 403, 404, 410, 415, 422],
    async run({ context, personAccess }, { body }) {
      const { client_id, need_patient_banner, smart_style_url, ...rest } = body as LaunchRequest;
      const asked = { ...rest, needPatientBanner: need_patient_banner, smartStyleUrl: smart_style_url };
      const { launch, launchUrl, expires } = await createLaunch(
        context,
        { ...asked, clientId: client_id },
        personAccess,
      );
      return { status: 201, body: { launch, launch_url: launchUrl, expires: expires.toISOString() } };
    },
  },
];
