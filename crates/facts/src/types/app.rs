//! `app.accessed`.

use super::prelude::*;

/// `app.accessed`: an application was opened in the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"app": "payroll", "app_session": "app-1"}]))]
pub struct AppAccessed {
    /// The application.
    pub app: AppId,
    /// The application's own session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_session: Option<AppSessionId>,
}
