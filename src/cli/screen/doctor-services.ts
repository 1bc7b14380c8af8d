/** What the screen of the doctor needs: each check reports for itself, and the slow ones are made aside. */
import type { Environment } from '../../config/home.js';
import type { Aside } from '../../runner/aside.js';
import { openBeside } from '../../runner/beside.js';
import type { DoctorServices } from '../../ui/screens/doctor/services.js';
import { themeFor } from '../../ui/theme.js';
import type { AsideHandlers } from './aside.js';
import type { BesideWork } from './beside.js';
import { clearTokenCache, examineCaches, examineMachine, examineTerminal, examineVersions } from '../examination.js';

export function doctorServices(env: Environment, aside: Aside<AsideHandlers>): DoctorServices {
  return {
    examine: async (onFound) => {
      const { stdout } = process;
      const terminal = { interactive: stdout.isTTY, columns: stdout.columns, unicode: themeFor(env, { ascii: false }).glyphs.full !== '#' };
      // How soon the terminal answers is asked by the command alone: here the keyboard is read by the screen.
      onFound({ ...examineMachine(), versions: examineVersions(), terminal: examineTerminal(env, { ...terminal, answers_after_ms: null }) });
      // A native library that crashes must not take the screen with it.
      const engines = openBeside<BesideWork>(new URL('./beside.js', import.meta.url), env);
      await Promise.all([
        examineCaches(env).then((caches) => onFound({ caches })),
        aside.call('examineStore', undefined).then((store) => onFound({ store })),
        aside.call('examineModels', undefined).then((models) => onFound({ models })),
        engines.call('engines', undefined).then((found) => onFound({ engines: found })).finally(() => engines.close()),
      ]);
    },
    clearTokenCache: () => clearTokenCache(env),
  };
}
