// The texts of the frame and of the overview, in English and in French (see words.js).
import { several } from "./language.js";

export const OVERVIEW_TEXTS = {
  // the frame
  skip: ["Skip to the content", "Aller au contenu"],
  navigation: ["Pages", "Pages"],
  no_page: ["There is no such page", "Cette page n’existe pas"],
  no_such_address: [
    "“{path}” is no address of this page.",
    "«\u00a0{path}\u00a0» n’est pas une adresse de cette page.",
  ],
  no_such_prm: [
    "“{path}” is no usage point: its number has 14 digits.",
    "«\u00a0{path}\u00a0» n’est pas un point de livraison\u00a0: son numéro a 14 chiffres.",
  ],
  overview: ["Overview", "Vue d’ensemble"],
  usage_points: ["Usage points", "Points de livraison"],
  times_of_paris: ["times are those of Paris", "les heures sont celles de Paris"],
  redis_at: ["Redis {redis}, prefix {prefix}", "Redis {redis}, préfixe {prefix}"],
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
  no_figures: ["no figures", "aucun chiffre"],
  away_connection: ["The server does not answer.", "Le serveur ne répond pas."],
  away_redis: ["Redis does not answer.", "Redis ne répond pas."],
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
  nothing_done: [
    "Nothing has been done here yet: under the prefix “{prefix}” Redis has no usage point.",
    "Rien n’a encore été fait ici\u00a0: aucun point de livraison sous le préfixe «\u00a0{prefix}\u00a0».",
  ],
  nothing_runs: ["nothing runs", "rien ne tourne"],
  workers_run: [
    several("{n} worker runs", "{n} workers run"),
    several("{n} processus tourne", "{n} processus tournent"),
  ],
  workers_start: [
    several("{n} worker has not begun", "{n} workers have not begun"),
    several("{n} processus n’a pas commencé", "{n} processus n’ont pas commencé"),
  ],
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
  redis_away: ["Redis has not served for {time}.", "Redis ne sert plus depuis {time}."],
  redis_away_for_some: [
    "For {n} of {all} processes Redis has not served for {time}.",
    "Pour {n} processus sur {all}, Redis ne sert plus depuis {time}.",
  ],
  next_try: ["next try in {time}", "prochain essai dans {time}"],
  tried_now: ["next try now", "essai en cours"],
  closed: ["Upstream has closed {bucket} for another {time}.", "Enedis a fermé {bucket} pour encore {time}."],
  no_worker: [
    several("No worker runs, and {n} job waits.", "No worker runs, and {n} jobs wait."),
    several("Aucun processus ne tourne, et {n} tâche attend.", "Aucun processus ne tourne, et {n} tâches attendent."),
  ],
  silent_workers: [
    several("{n} worker is not heard any more.", "{n} workers are not heard any more."),
    several("{n} processus ne donne plus signe de vie.", "{n} processus ne donnent plus signe de vie."),
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
  workers: ["Workers and commands", "Processus et commandes"],
  who: ["Name", "Nom"],
  jobs: ["Jobs", "Tâches"],
  requests_s: ["Requests/s", "Requêtes/s"],
  jobs_min: ["Jobs/min", "Tâches/min"],
  requests_left: ["Requests left", "Requêtes à venir"],
  what_it_runs: ["What it runs", "Ce qu’il fait"],
  not_begun: ["has not begun", "n’a pas commencé"],
  silent_for: ["not heard for {time}", "muet depuis {time}"],
  left: [
    several("{n} request is planned.", "{n} requests are planned."),
    several("{n} requête est prévue.", "{n} requêtes sont prévues."),
  ],
  left_at_least: [
    several("{n} request is planned: at least {time}.", "{n} requests are planned: at least {time}."),
    several("{n} requête est prévue\u00a0: au moins {time}.", "{n} requêtes sont prévues\u00a0: au moins {time}."),
  ],

  // upstream and results
  upstream: ["Upstream", "Enedis"],
  no_outage: ["Upstream answers, and no quota is closed.", "Enedis répond, aucun quota n’est fermé."],
  nobody_asks: [
    "Nothing asks upstream just now: no worker and no command runs.",
    "Rien n’interroge Enedis en ce moment\u00a0: aucun processus, aucune commande.",
  ],
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
  no_jobs: ["no job", "aucune tâche"],
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
};
