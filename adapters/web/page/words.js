// Every text of the page, in English and in French. {name} stands for a value; where a text depends on the number
// {n}, there is one for one and one for several.
import { count } from "./format.js";
import { language, locale } from "./language.js";

const several = (one, other) => ({ one, other });

const TEXTS = {
  // the frame
  skip: ["Skip to the content", "Aller au contenu"],
  navigation: ["Pages", "Pages"],
  overview: ["Overview", "Vue d’ensemble"],
  usage_points: ["Usage points", "Points de livraison"],
  times_of_paris: ["times are those of Paris", "les heures sont celles de Paris"],
  colon: [":", "\u00a0:"],
  live: ["live", "en direct"],
  connecting: ["Connecting…", "Connexion…"],
  loading: ["Loading…", "Chargement…"],
  old_since: ["figures of {since}", "chiffres de {since}"],
  trouble_connection: [
    "The connection to the server is lost since {since}.",
    "La connexion au serveur est perdue depuis {since}.",
  ],
  trouble_redis: ["Redis has not answered since {since}.", "Redis ne répond plus depuis {since}."],
  figures_are_old: ["The figures are those of {since}.", "Les chiffres sont ceux de {since}."],
  tries_again: ["The page tries again by itself.", "La page réessaie d’elle-même."],
  is_back: ["The figures are up to date again.", "Les chiffres sont de nouveau à jour."],
  nothing_known: ["Nothing is known at the moment.", "Rien n’est connu pour le moment."],
  failed_away: [
    "The server does not answer. It is asked again.",
    "Le serveur ne répond pas. Il est interrogé de nouveau.",
  ],
  failed_status: ["The server answers {status}: {detail}", "Le serveur répond {status}\u00a0: {detail}"],
  as_table: ["The values as a table", "Les valeurs en tableau"],
  and_more: [several("and {n} more", "and {n} more"), several("et {n} autre", "et {n} autres")],

  // the state in a sentence
  all_well: ["All is well: {what}.", "Tout va bien\u00a0: {what}."],
  nothing_runs: ["nothing runs", "rien ne tourne"],
  workers_run: [several("{n} worker runs", "{n} workers run"), several("{n} worker tourne", "{n} workers tournent")],
  commands_run: [
    several("{n} command fetches", "{n} commands fetch"),
    several("{n} commande récupère", "{n} commandes récupèrent"),
  ],
  jobs_left: [several("{n} job is left", "{n} jobs are left"), several("il reste {n} tâche", "il reste {n} tâches")],
  it_was: ["At {since}: {words}", "À {since}\u00a0: {words}"],
  away: ["Upstream has not served for {time}; {next}.", "Enedis ne sert plus depuis {time}\u00a0; {next}."],
  away_for_some: [
    "For {n} of {all} processes upstream has not served for {time}; {next}.",
    "Pour {n} processus sur {all}, Enedis ne sert plus depuis {time}\u00a0; {next}.",
  ],
  next_try: ["next try in {time}", "prochain essai dans {time}"],
  tried_now: ["it is tried now", "essai en cours"],
  closed: ["Upstream has closed {bucket} for another {time}.", "Enedis a fermé {bucket} pour encore {time}."],
  no_worker: [
    several("No worker runs, and {n} job waits.", "No worker runs, and {n} jobs wait."),
    several("Aucun worker ne tourne, et {n} tâche attend.", "Aucun worker ne tourne, et {n} tâches attendent."),
  ],
  silent_workers: [
    several("{n} worker is not heard any more.", "{n} workers are not heard any more."),
    several("{n} worker ne donne plus signe de vie.", "{n} workers ne donnent plus signe de vie."),
  ],
  urgent_waits: ["An urgent job has waited for {time}.", "Une tâche urgente attend depuis {time}."],
  points_failed: [
    several("{n} usage point failed in the last 24 hours.", "{n} usage points failed in the last 24 hours."),
    several(
      "{n} point de livraison en échec ces dernières 24 heures.",
      "{n} points de livraison en échec ces dernières 24 heures.",
    ),
  ],
  points_partial: [
    several("{n} usage point has days that failed.", "{n} usage points have days that failed."),
    several("{n} point de livraison a des jours en échec.", "{n} points de livraison ont des jours en échec."),
  ],
  points_refused: [
    several("{n} usage point is refused by upstream.", "{n} usage points are refused by upstream."),
    several("{n} point de livraison est refusé par Enedis.", "{n} points de livraison sont refusés par Enedis."),
  ],
  at_least: ["At least {words}", "Au moins {words}"],
  jobs_unnamed: [
    several(
      "{n} more job failed or was refused than is named here.",
      "{n} more jobs failed or were refused than are named here.",
    ),
    several(
      "{n} tâche de plus que celles nommées ici a échoué ou a été refusée.",
      "{n} tâches de plus que celles nommées ici ont échoué ou ont été refusées.",
    ),
  ],
  dead_messages: [
    several("{n} message could not be a job.", "{n} messages could not be jobs."),
    several("{n} message n’a pas pu devenir une tâche.", "{n} messages n’ont pas pu devenir des tâches."),
  ],

  // quota
  quota: ["Quota", "Quota"],
  no_quota: [
    "Without CLIENT_ID the server does not know whose quota to show.",
    "Sans CLIENT_ID, le serveur ne sait pas quel quota montrer.",
  ],
  window: ["{limit} in {window}", "{limit} en {window}"],
  window_of: ["{bucket}, window of {window}", "{bucket}, fenêtre de {window}"],
  window_of_day: [
    "How full the window of {window} of {bucket} was in the last 24 hours: {most} at most",
    "Remplissage de la fenêtre de {window} de {bucket} ces dernières 24 heures\u00a0: {most} au plus",
  ],
  used_of: ["{used} of {limit} used", "{used} utilisées sur {limit}"],
  closed_for: ["Closed by upstream for another {time}", "Fermé par Enedis pour encore {time}"],
  next_permit: ["Next request in {time}", "Prochaine requête dans {time}"],
  permits: ["Requests allowed", "Requêtes permises"],
  values_of_day: ["Requests allowed in the last 24 hours", "Requêtes permises ces dernières 24 heures"],
  unused: ["Not used: {list}", "Non utilisés\u00a0: {list}"],
  last_day: ["The last 24 hours", "Les dernières 24 heures"],
  hour: ["{hour} h", "{hour} h"],

  // work
  queues: ["Queues", "Files d’attente"],
  class: ["Class", "Classe"],
  class_high: ["high", "haute"],
  class_normal: ["normal", "normale"],
  class_low: ["low", "basse"],
  jobs_waiting: ["Waiting", "En attente"],
  oldest: ["Oldest", "La plus ancienne"],
  workers: ["Workers and commands", "Workers et commandes"],
  who: ["Name", "Nom"],
  jobs: ["Jobs", "Tâches"],
  requests_s: ["Requests/s", "Requêtes/s"],
  jobs_min: ["Jobs/min", "Tâches/min"],
  requests_left: ["Requests left", "Requêtes à venir"],
  what_it_runs: ["What it runs", "Ce qu’il fait"],
  silent_for: ["not heard for {time}", "muet depuis {time}"],
  left: [
    several("{n} request is planned.", "{n} requests are planned."),
    several("{n} requête est prévue.", "{n} requêtes sont prévues."),
  ],
  left_at_least: [
    several("{n} request is planned: at least {time}.", "{n} requests are planned: at least {time}."),
    several("{n} requête est prévue\u00a0: au moins {time}.", "{n} requêtes sont prévues\u00a0: au moins {time}."),
  ],

  // results and outages
  outages: ["Outages and closed doors", "Pannes et portes fermées"],
  no_outage: ["Upstream serves, and no door is closed.", "Enedis sert, et aucune porte n’est fermée."],
  upstream_is: ["The data are of {upstream}.", "Les données viennent de {upstream}."],
  results: ["Results of the last 24 hours", "Résultats des dernières 24 heures"],
  results_chart: [
    "Jobs that ended, hour by hour: {done} done, {partial} partial, {failed} failed; {most} at most in an hour",
    "Tâches terminées, heure par heure\u00a0: {done} faites, {partial} partielles, {failed} en échec\u00a0; {most} au plus en une heure",
  ],
  state_done: ["done", "faites"],
  state_partial: ["partial", "partielles"],
  state_failed: ["failed", "en échec"],
  state_not_applicable: ["not applicable", "sans objet"],
  nothing: ["Nothing.", "Rien."],
  not_loaded: ["Not known yet.", "Pas encore connu."],
  failures: ["What failed in the last 24 hours", "Ce qui a échoué ces dernières 24 heures"],
  no_failure: ["No job failed.", "Aucune tâche n’a échoué."],
  ended_as: ["Ended", "Fin"],
  job_failed: ["failed", "échec"],
  job_partial: ["partial", "partiel"],
  job_refused: ["refused", "refus"],
  usage_point: ["Usage point", "Point de livraison"],
  what: ["What", "Quoi"],
  why: ["Why", "Pourquoi"],
  when: ["When", "Quand"],
  n_jobs: [several("{n} job", "{n} jobs"), several("{n} tâche", "{n} tâches")],

  // usage points
  search_digits: ["Search by digits of the number", "Chercher par chiffres du numéro"],
  pages: ["Pages of the list", "Pages de la liste"],
  previous: ["Previous", "Précédent"],
  next: ["Next", "Suivant"],
  no_points: ["Redis knows no usage point yet.", "Redis ne connaît encore aucun point de livraison."],
  none_found: ["No usage point has these digits.", "Aucun point de livraison n’a ces chiffres."],
  points_shown: [
    several("{first} of {n} usage point", "{first} to {last} of {n} usage points"),
    several("{first} sur {n} point de livraison", "{first} à {last} sur {n} points de livraison"),
  ],
  points_in_all: [
    several("{n} usage point in all", "{n} usage points in all"),
    several("{n} point de livraison en tout", "{n} points de livraison en tout"),
  ],
  usage_point_n: ["Usage point {prm}", "Point de livraison {prm}"],
  kinds: ["Kinds", "Types de mesures"],
  kind_daily_consumption: ["Daily consumption", "Consommation quotidienne"],
  kind_consumption_load_curve: ["Load curve, consumption", "Courbe de charge, consommation"],
  kind_daily_consumption_max_power: ["Maximum power", "Puissance maximale"],
  kind_daily_production: ["Daily production", "Production quotidienne"],
  kind_production_load_curve: ["Load curve, production", "Courbe de charge, production"],
  kind_index_consumption: ["Registers, consumption", "Index, consommation"],
  kind_index_production: ["Registers, production", "Index, production"],
  kind_absent: ["not applicable", "sans objet"],
  nothing_stored: ["nothing stored", "rien en mémoire"],
  cannot_be_read: ["cannot be read", "illisible"],
  days_of: ["{held} of {all} days", "{held} jours sur {all}"],
  of_partial: [several("{n} partial", "{n} partial"), several("{n} partiel", "{n} partiels")],
  of_hole: [several("{n} hole", "{n} holes"), several("{n} trou", "{n} trous")],
  of_pending: [several("{n} pending", "{n} pending"), several("{n} attendu", "{n} attendus")],
  of_missing: [several("{n} missing", "{n} missing"), several("{n} manquant", "{n} manquants")],
  consumption: ["Consumption", "Consommation"],
  production: ["Production", "Production"],
  is_refused: ["{what} is refused since {since}: {why}", "{what}\u00a0: refus depuis le {since}. {why}"],
  was_refused: [
    "{what} was refused on {since}, and will be asked for again: {why}",
    "{what}\u00a0: refus le {since}, à redemander. {why}",
  ],
  kind_refused: ["Refused: {why}", "Refusé\u00a0: {why}"],
  facts_unreadable: ["What is known cannot be read: {error}", "Ce qui est connu est illisible\u00a0: {error}"],
  activated_on: ["{what}: data begin on {day}", "{what}\u00a0: données à partir du {day}"],
  consent_from: ["{what}: the consent begins on {day}", "{what}\u00a0: consentement à partir du {day}"],
  direction_absent: ["{what}: this usage point has none", "{what}\u00a0: ce point n’en a pas"],

  // the states of days
  state_complete_day: ["complete", "complet"],
  state_partial_day: ["partial", "partiel"],
  state_hole_day: ["hole: upstream has nothing", "trou\u00a0: Enedis n’a rien"],
  state_pending_day: ["pending: not there yet", "attendu\u00a0: pas encore là"],
  state_missing_day: ["missing: not fetched", "manquant\u00a0: pas récupéré"],
  state_unreadable_day: ["cannot be read", "illisible"],
  state_cut_day: ["before the activation or the consent", "avant l’activation ou le consentement"],
  state_future_day: ["still to come", "à venir"],
  band_hole: ["hole", "trou"],
  band_gap: ["no value", "sans valeur"],
  band_partial: ["no value", "sans valeur"],
  band_pending: ["not there yet", "pas encore là"],
  band_missing: ["not fetched", "pas récupéré"],
  band_unreadable: ["cannot be read", "illisible"],
  band_loading: ["loading", "chargement"],
  band_cut: ["not served", "pas servi"],
  band_future: ["to come", "à venir"],

  // days and their values
  calendar_of: ["{kind}, day by day", "{kind}, jour par jour"],
  other_days: ["Other days", "Autres jours"],
  how_long: ["How much at once", "Durée affichée"],
  span_day: ["Day", "Jour"],
  span_week: ["Week", "Semaine"],
  span_month: ["Month", "Mois"],
  span_year: ["Year", "Année"],
  pick_day: ["Day", "Jour"],
  day_hours: ["{day}, {hours} hours", "{day}, {hours} heures"],
  day_of_25: [
    "Clocks went back: this day has 25 hours, and the hour from 2 to 3 is there twice.",
    "Passage à l’heure d’hiver\u00a0: ce jour a 25 heures, et l’heure de 2 à 3 y est deux fois.",
  ],
  day_of_23: [
    "Clocks went forward: this day has 23 hours, and none from 2 to 3.",
    "Passage à l’heure d’été\u00a0: ce jour a 23 heures, sans celle de 2 à 3.",
  ],
  summer_time: ["CEST", "été"],
  winter_time: ["CET", "hiver"],
  curve_summary: [
    "{energy} in all; {most} at most, at {at}; {least} at least.",
    "{energy} en tout\u00a0; {most} au plus, à {at}\u00a0; {least} au moins.",
  ],
  bars_summary: [
    several(
      "{sum} on {n} day; {most} at most, on {day}.",
      "{sum} in {n} days, {mean} a day; {most} at most, on {day}.",
    ),
    several(
      "{sum} en {n} jour\u00a0; {most} au plus, le {day}.",
      "{sum} en {n} jours, {mean} par jour\u00a0; {most} au plus, le {day}.",
    ),
  ],
  peaks_summary: ["{most} at most, on {day}.", "{most} au plus, le {day}."],
  day: ["Day", "Jour"],
  from: ["From", "De"],
  to: ["To", "À"],
  at: ["At", "À"],
  state: ["State", "État"],
  power: ["Power", "Puissance"],
  energy: ["Energy", "Énergie"],
  no_value: ["no value", "sans valeur"],
  shown_at: ["What the meter showed on {at}", "Ce que le compteur indiquait le {at}"],
  register: ["Register", "Registre"],
  calendar: ["Calendar", "Calendrier"],
  label: ["Label", "Libellé"],
  total: ["total", "total"],
};

const plurals = new Intl.PluralRules(locale);

// The text of that name, in the reader's language.
export function word(name, values = {}) {
  const found = TEXTS[name]?.[language] ?? name;
  const text = typeof found === "string" ? found : (found[plurals.select(values.n)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (whole, value) => {
    if (!(value in values)) return whole;
    return typeof values[value] === "number" ? count(values[value]) : String(values[value]);
  });
}

// Why there is no answer, for people.
export const failureWords = ({ status, detail }) =>
  status === 0 ? word("failed_away") : word("failed_status", { status: String(status), detail: detail || "–" });
