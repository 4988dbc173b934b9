// SPDX-License-Identifier: AGPL-3.0-or-later

package portal

import "example.org/chorus/internal/platform/web"

// Routes adds the pages of the portal to the site.
func (s *Service) Routes(site *web.Site) {
	site.HandlePublic("GET /{$}", s.home)
	site.HandlePublic("GET /causes", s.causes)
	site.HandlePublic("GET /about", s.about)
	site.HandlePublic("GET /privacy", s.privacy)

	site.HandlePublic("GET "+RecordPath, s.aboutRecord)
	site.HandlePublic("GET "+RecordPath+"/entries", s.entries)
	site.HandlePublic("GET "+RecordPath+"/checkpoint", s.checkpoint)
	site.HandlePublic("GET "+RecordPath+"/vkey", s.verifierKey)
	site.HandleAlways("GET "+RecordPath+"/tile/{path...}", s.tile)
	site.HandleAlways("GET "+RecordPath+"/bodies/{n...}", s.bodies)
	site.HandleAlways("GET "+RecordPath+"/body/{place}", s.body)

	if s.Mirror != nil {
		site.HandlePublic("GET "+copyPath, s.showCopy)
	}

	site.Handle("GET /setup", s.setupAgain)
	site.Handle("GET /setup/{token}", s.setup)
	site.Handle("POST /setup/{token}", s.postSetup)
	site.Handle("POST /setup/{token}/code", s.postSetupCode)
	site.Handle("POST /setup/{token}/open", s.postSetupOpen)

	site.Handle("GET /steward", s.forStewards(s.desk))
	site.Handle("GET /steward/site", s.forStewards(s.siteForm))
	site.Handle("POST /steward/site", s.forStewards(s.postSite))
	site.Handle("GET /steward/organisations", s.forStewards(s.waitingOrganisations))
	site.Handle("POST /steward/organisations/{id}", s.forStewards(s.postVerify))
	site.Handle("GET /steward/people", s.forStewards(s.stewards))
	site.Handle("POST /steward/people", s.forStewards(s.postSteward))
	site.Handle("POST /steward/people/{id}/remove", s.forStewards(s.removeSteward))
	site.Handle("POST /steward/mail", s.forStewards(s.postRevive))
}
