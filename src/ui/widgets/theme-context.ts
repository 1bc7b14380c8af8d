import { createContext, useContext } from 'react';
import { makeTheme } from '../theme.js';
import type { Theme } from '../theme.js';

export const ThemeContext = createContext<Theme>(makeTheme({ color: true, unicode: true }));

export function useTheme(): Theme {
  return useContext(ThemeContext);
}
