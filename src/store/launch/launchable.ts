/** The applications that a person may open for a patient. */
import type { Database } from '../store.ts';

export interface Launchable {
  readonly clientId: string;
  readonly name: string;
  readonly launchUrl: string;
}

/** Those that may be used, have a launch URL and are registered for the scope `launch`; by name, at most a hundred. */
export async function findLaunchable(db: Database): Promise<readonly Launchable[]> {
  return db.query<Launchable>({
    text: `select client_id as "clientId", name, launch_url as "launchUrl" from oauth_client
      where disabled_at is null and approved_at is not null and kind <> 'backend' and launch_url is not null
        and 'launch' = any (string_to_array(scope, ' ')) order by name, client_id limit 100`,
  });
}
